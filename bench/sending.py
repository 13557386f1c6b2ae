"""Messages per second of the whole sender (ledger, proof, letters) into a sink on loopback, and CPU per message.

    .venv/bin/python -m bench.sending [messages] [connections]

PostgreSQL is an embedded one of its own, durable; the sink is another process. Figures of a shared machine: trust the
CPU per message, not the rate.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from portal import db, migrate
from portal.embedded import processes
from portal.embedded.postgres import Postgres
from portal.ledger import actions, queries
from portal.ledger.rules import Intent, Lane, Letter
from portal.sending.engine import Engine
from portal.sending.letters import Composer
from portal.settings import SmtpUrl

SUBJECT = "Votre dossier {{ dossier_number }} : {{ status }}"
PARAGRAPH = (
    "<p>Nous avons bien étudié votre dossier {{ dossier_number }}, déposé au titre de « {{ campaign_title }} ». "
    "La commission a pris la décision suivante : <strong>{{ status }}</strong>. Les bénéficiaires s’engagent à faire "
    "mention du soutien reçu dans leurs publications et à transmettre un rapport d’exécution.</p>\n"
)
BODY = (
    "<p>Bonjour {{ first_name }},</p>\n" + PARAGRAPH * 4 + "<p>{{ dossier_link }}</p>\n<p>{{ organisation_name }}</p>"
)
SINK = "import asyncio, uvloop; from bench.sink import serve; uvloop.run(serve())"


async def plan(count: int) -> None:
    """`count` messages of one mailing, each with its own values."""
    sender = await db.fetchval(
        "insert into sender (address, bounce_domain, verified) values ('a@b.example', 'b.b.example', true) returning id"
    )
    template = await db.fetchval("insert into template (name, category) values ('x', 'transactional') returning id")
    version = await db.fetchval(
        "insert into template_version (template_id, number, fallback_locale) values ($1, 1, 'fr') returning id",
        template,
    )
    await db.execute("insert into template_variant values ($1, 'fr', $2, '', $3)", version, SUBJECT, BODY)
    await db.execute("insert into organisation (name, sender_id) values ('Passerelle', $1)", sender)
    for start in range(0, count, 5_000):
        async with db.transaction():
            await actions.post(
                "mailing", 1, sender, Lane.mass, [intent(n, version) for n in range(start, min(count, start + 5_000))]
            )
    await db.execute("analyze")


def intent(n: int, version: int) -> Intent:
    """The n-th message."""
    number = f"DOS-2026-{n:07}"
    values = {
        "first_name": f"Hélène {n}",
        "dossier_number": number,
        "campaign_title": "Appel à projets 2026",
        "status": ("favorable", "défavorable")[n % 2],
        "dossier_link": f"https://portail.example.org/d/{number}",
        "organisation_name": "Passerelle",
    }
    letter = Letter(
        version_id=version, locale="fr", from_address="a@b.example", subject=f"Votre dossier {number}", values=values
    )
    return Intent(address=f"user{n}@example.org", locale="fr", optional=False, occurrence=1, letter=letter)


def postgres_cpu(root: int) -> float:
    """Seconds of CPU of PostgreSQL and its sessions, those that have ended too."""
    total = 0.0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == root or path.parent.name == str(root):
            own = fields[11:15] if path.parent.name == str(root) else fields[11:13]
            total += sum(map(int, own)) / os.sysconf("SC_CLK_TCK")
    return total


async def measure(count: int, connections: int, port: int, root: int) -> None:
    """Send all of it; print one line."""
    await plan(count)
    engine = Engine("bench", SmtpUrl("127.0.0.1", port), Composer(b"bench"), lease=60, size=connections)
    began, cpu, other = time.perf_counter(), time.process_time(), postgres_cpu(root)
    task = asyncio.create_task(engine.run())
    while await db.fetchval("select count(*) from batch where done_at is null"):  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    wall, cpu, other = time.perf_counter() - began, time.process_time() - cpu, postgres_cpu(root) - other
    engine.stop()
    await task
    totals = await queries.totals()
    rate = f"{count / wall:,.0f}/s"
    cost = f"CPU a message: sender {cpu / count * 1e6:.0f} us, PostgreSQL {other / count * 1e6:.0f} us"
    proof = f"accepted {totals.by_state['accepted']}, duplicates {totals.duplicates}, balanced {totals.balanced}"
    print(f"{count} messages, {connections} connections: {rate}; {cost}; {proof}")


async def main() -> None:
    """Servers, then the measurement."""
    count, connections = [int(each) for each in sys.argv[1:]] + [20_000, 10][len(sys.argv) - 1 :]
    home = Path(tempfile.mkdtemp(prefix="convoca-bench-", dir="/var/tmp"))
    processes.open_to_servant(home)
    postgres = Postgres(home)
    sink = subprocess.Popen([sys.executable, "-c", SINK], stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220
    try:
        db.configure(postgres.start())
        await db.open_pool()
        await migrate.migrate()
        assert sink.stdout
        assert postgres.process
        await measure(count, connections, int(sink.stdout.readline()), postgres.process.pid)
        await db.close_pool()
    finally:
        sink.kill()
        postgres.stop()
        processes.remove_folder(home)


if __name__ == "__main__":
    os.environ.setdefault("PORTAL_SECRET_KEY", "b" * 40)
    uvloop.run(main())
