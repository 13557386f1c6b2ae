"""The on-screen mailbox as the browser sees it."""

from portal.formats import date_time
from portal.mailbox import queries, server
from tests import factories
from tests.clients import Client

RAW = (
    b"From: Passerelle <office@passerelle.example>\r\nTo: Ana <ana@example.org>\r\nCc: bob@example.org\r\n"
    b"Subject: =?utf-8?q?Za=C5=BC=C3=B3=C5=82=C4=87?=\r\nMessage-ID: <abc-1@passerelle.example>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nPlain <words>\r\n"
    b'--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Rich</p><script>alert("canary")</script>\r\n--b--\r\n'
)


async def receive(raw: bytes = RAW, to: str = "ana@example.org") -> int:
    """A letter has arrived; its id."""
    await server.store("b+1@passerelle.example", [to], raw)
    (newest,) = (await queries.search("", None, limit=1)).items
    return newest.id


async def test_the_mailbox_says_what_it_is_for_while_it_is_empty(client: Client) -> None:
    await client.sign_in((await factories.account("Alice")).email)
    page = await client.get("/mailbox")
    assert (page.h1, page.texts(".empty h2")) == ("Mailbox", ["No letter yet"])


async def test_letters_are_listed_newest_first_and_found_without_accents(client: Client) -> None:
    await client.sign_in((await factories.account("Alice")).email)
    await receive()
    await receive(RAW.replace(b"=?utf-8?q?Za=C5=BC=C3=B3=C5=82=C4=87?=", b"Second"), "bob@example.org")
    assert (await client.get("/mailbox")).texts("#rows tbody th") == ["Second", "Zażółć"]
    assert (await client.get("/mailbox?q=zazolc")).texts("#rows tbody th") == ["Zażółć"]
    assert (await client.get("/mailbox?q=bob", target="rows")).texts("tbody th") == ["Second"]
    assert (await client.get("/mailbox?q=100%25")).texts(".empty h2") == ["Nothing matches these filters"]


async def test_long_lists_are_paged_by_key(client: Client) -> None:
    await client.sign_in((await factories.account("Alice")).email)
    for number in range(queries.PAGE + 2):
        await receive(RAW.replace(b"=?utf-8?q?Za=C5=BC=C3=B3=C5=82=C4=87?=", f"Letter {number}".encode()))
    first = await client.get("/mailbox")
    assert len(first.texts("#rows tbody th")) == queries.PAGE
    second = await client.get(first.one("a[rel=next]").attrs["href"] or "")
    assert second.texts("#rows tbody th") == ["Letter 1", "Letter 0"]
    back = await client.get(second.one("a[rel=prev]").attrs["href"] or "")
    assert back.texts("#rows tbody th") == first.texts("#rows tbody th")


async def test_a_letter_is_shown_as_its_recipient_sees_it(client: Client) -> None:
    await client.sign_in((await factories.account("Alice")).email)
    letter_id = await receive()
    page = await client.get(f"/mailbox/{letter_id}")
    assert page.h1 == "Zażółć"
    *people, received, delivered_to = page.texts(".preview dd")
    assert people == ["Passerelle <office@passerelle.example>", "Ana <ana@example.org>", "bob@example.org"]
    assert (received, delivered_to) == (date_time((await queries.letter(letter_id)).received_at), "ana@example.org")
    assert "Plain <words>" in page.words
    frame = page.one("iframe")
    assert (frame.attrs["sandbox"] or "", frame.attrs["src"]) == ("", f"/mailbox/{letter_id}/html")


async def test_documents_that_came_with_it_are_named(client: Client) -> None:
    await client.sign_in((await factories.account("Alice")).email)
    head, _blank, parts = RAW.partition(b"\r\n\r\n")
    mixed = head.replace(b"multipart/alternative", b"multipart/mixed") + b"\r\n\r\n" + parts.replace(
        b"--b--", b"--b\r\nContent-Type: application/pdf\r\n"
        b"Content-Disposition: attachment; filename*=utf-8''R%C3%A8gles%20%3Cb%3E.pdf\r\n\r\nx\r\n--b--")  # fmt: skip
    page = await client.get(f"/mailbox/{await receive(mixed)}")
    assert "Règles <b>.pdf" in page.texts(".preview dd")


async def test_the_html_part_runs_nothing(client: Client) -> None:
    await client.sign_in((await factories.account("Alice")).email)
    letter_id = await receive()
    client.checked = False
    page = await client.get(f"/mailbox/{letter_id}/html")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script-src" not in policy
    assert "Rich" in page.text


async def test_the_raw_letter_is_plain_text(client: Client) -> None:
    await client.sign_in((await factories.account("Alice")).email)
    page = await client.get(f"/mailbox/{await receive()}/raw")
    assert page.headers["content-type"] == "text/plain; charset=utf-8"
    assert page.text == RAW.decode()


async def test_a_message_id_leads_to_its_letter(client: Client) -> None:
    await client.sign_in((await factories.account("Alice")).email)
    letter_id = await receive()
    page = await client.get("/mailbox/by-id/abc-1%40passerelle.example")
    assert page.path == f"/mailbox/{letter_id}"
    assert (await client.get("/mailbox/by-id/unknown%40passerelle.example")).status == 404


async def test_with_a_mail_server_there_is_no_mailbox(client: Client) -> None:
    await client.sign_in((await factories.account("Alice")).email)
    client.app.state.has_mailbox = False
    try:
        assert (await client.get("/mailbox")).status == 404
    finally:
        client.app.state.has_mailbox = True


async def test_an_evaluator_reads_nobodys_letters(client: Client) -> None:
    letter_id = await receive()
    await client.sign_in((await factories.account("Bob", "evaluator")).email)
    for path in ("/mailbox", f"/mailbox/{letter_id}", f"/mailbox/{letter_id}/html", f"/mailbox/{letter_id}/raw"):
        assert (await client.get(path)).status == 403
