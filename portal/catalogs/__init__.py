"""The portal's own gettext catalogs: extract, update, compile, check."""
