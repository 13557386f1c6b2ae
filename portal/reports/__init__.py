"""What became of the e-mails: by time, by campaign, by mailing; as pictures with their numbers, and as files."""
