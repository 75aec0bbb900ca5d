"""The inbox over real SMTP and HTTP: keeps everything, shows hostile mails harmlessly, and obeys no other web site."""

import smtplib
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from local import layout, ports
from local.daemon import Daemon, wait_until

HOSTILE = {
    "html": "<script>alert(1)</script>",
    "formula": '=HYPERLINK("http://evil.example")',
    "right to left": "evil\u202egpj.exe",
    "emoji": "🚨 critical",
    "long": "x" * 10_000,
    "quotes": "\"'`${x}{{ 7*7 }}",
}


class Inbox:
    """The running inbox and its two doors."""

    def __init__(self, folder: Path) -> None:
        self.smtp_port, page_port = ports.any_free(), ports.any_free()
        self.page = httpx.Client(base_url=f"http://127.0.0.1:{page_port}", timeout=10)
        self.daemon = Daemon(folder / "pid", folder / "log", bound=True)
        self.command = [sys.executable, "-m", "local.inbox", str(folder / "mails"), str(self.smtp_port), str(page_port)]

    def start(self) -> None:
        self.daemon.start(self.command, {}, layout.ROOT)
        assert wait_until(self.answers, 20)

    def answers(self) -> bool:
        try:
            return self.page.get("/api/messages").is_success
        except httpx.ConnectError:
            return False

    def send(self, *mails: EmailMessage) -> None:
        with smtplib.SMTP("127.0.0.1", self.smtp_port) as client:
            for mail in mails:
                client.send_message(mail)

    def newest(self) -> dict[str, object]:
        found: dict[str, object] = self.page.get("/api/messages?limit=1").json()[0]
        return found


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inbox]:
    inbox = Inbox(tmp_path_factory.mktemp("inbox"))
    inbox.start()
    yield inbox
    inbox.daemon.stop()


def mail(subject: str = "Your account expires", to: str = "ann@example.com") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Monitoring <monitoring@example.com>"
    message["To"] = to
    message["Cc"] = "boss@example.com"
    message["Subject"] = subject
    message["Date"] = "Tue, 24 Nov 2026 06:00:00 +0000"
    message.set_content("plain words\n")
    return message


def test_a_mail_is_listed_with_what_a_script_needs(inbox: Inbox) -> None:
    inbox.send(mail())
    found = inbox.newest()
    assert found | {"id": "", "recipients": ""} == {
        "id": "",
        "from": "Monitoring <monitoring@example.com>",
        "to": ["ann@example.com"],
        "cc": ["boss@example.com"],
        "recipients": "",
        "subject": "Your account expires",
        "date": "Tue, 24 Nov 2026 06:00:00 +0000",
        "text": "plain words\n",
        "attachments": [],
    }
    assert found["recipients"] == ["ann@example.com", "boss@example.com"]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_arrives_whole_and_is_shown_escaped(inbox: Inbox, text: str) -> None:
    inbox.send(mail(subject=text))
    found = inbox.newest()
    page = inbox.page.get(f"/messages/{found['id']}")
    assert found["subject"] == text
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "script" not in page.headers["Content-Security-Policy"]


def test_html_is_shown_in_a_sandbox_with_its_images_and_without_network(inbox: Inbox) -> None:
    message = mail()
    message.add_alternative('<img src="cid:chart"><script>alert(1)</script>', subtype="html")
    part = message.get_payload()[1]  # type: ignore[index]
    part.add_related(b"png", "image", "png", cid="<chart>")
    inbox.send(message)
    shown = inbox.page.get(f"/messages/{inbox.newest()['id']}/html")
    assert shown.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert 'src="data:image/png;base64,cG5n"' in shown.text


def test_an_attachment_is_a_download_under_its_own_name(inbox: Inbox) -> None:
    message = mail()
    message.add_attachment("a,b\r\n", subtype="csv", filename='"><b>ü.csv')
    inbox.send(message)
    got = inbox.page.get(f"/messages/{inbox.newest()['id']}/attachments/0")
    assert got.headers["Content-Disposition"] == "attachment; filename*=UTF-8''%22%3E%3Cb%3E%C3%BC.csv"
    assert got.text.splitlines() == ["a,b"]


def test_a_restart_loses_nothing(inbox: Inbox) -> None:
    inbox.send(*(mail(subject=f"number {number}") for number in range(20)))
    before = inbox.page.get("/api/messages").json()
    inbox.daemon.stop()
    inbox.start()
    assert inbox.page.get("/api/messages").json() == before


@pytest.mark.parametrize("headers", [{"Host": "evil.example:80"}, {"Origin": "http://evil.example"}], ids=["rebound name", "foreign form"])
def test_another_site_can_neither_read_nor_delete(inbox: Inbox, headers: dict[str, str]) -> None:
    assert inbox.page.post("/delete-all", headers=headers).status_code == 403
    assert inbox.page.get("/api/messages", headers=headers).status_code == 403


@pytest.mark.parametrize("path", ["/messages/1-2", "/messages/..%2F..%2Fpasswd", "/messages/1-2/attachments/0"])
def test_what_is_not_there_is_not_found(inbox: Inbox, path: str) -> None:
    assert inbox.page.get(path).status_code == 404


def test_delete_all_empties_it(inbox: Inbox) -> None:
    inbox.send(mail())
    assert inbox.page.post("/delete-all").status_code == 303
    assert inbox.page.get("/api/messages").json() == []
