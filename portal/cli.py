"""The `portal` command. Exit status 0, 1 (it failed and says why) or 2 (usage, a wrong setting)."""

from __future__ import annotations

import click

from portal.commands import audit, doctor, lists, manage, run, signatures


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="convoca", message="Convoca %(version)s")
def main() -> None:
    """Convoca: call campaigns that write to everybody concerned."""


for command in (
    *(run.demo, run.up, run.serve, run.work, run.clock, run.mailbox),
    *(manage.migrate, manage.user, manage.api_key, manage.ledger, manage.catalogs),
    *(lists.import_, lists.export, signatures.dkim, signatures.secrets, audit.audit, doctor.doctor),
):
    main.add_command(command)
