"""What headers of mails make of somebody else's words."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest

from include.writing.mails import headed

HEADERS = ["From", "To", "Subject", "Auto-Submitted"]


@pytest.mark.parametrize(
    "subject",
    [
        "=?utf-8?q?=0d=0aBcc:_evil@example.com?=",
        "=?utf-8?b?DQpCY2M6IGV2aWxAZXhhbXBsZS5jb20=?=",
        "ü =?utf-8?q?=0d=0a=0d=0abody?= ü",
        "=?x?q?=ff?=",
        "=" * 70 + "?utf-8?q?=0d=0aBcc:_evil@example.com?=",
        "one\r\nBcc: evil@example.com",
    ],
)
def test_no_subject_makes_another_header(subject: str) -> None:
    sent = headed("monitoring@example.com", "admin@example.com", [], subject).as_bytes(policy=policy.SMTP)
    received = message_from_bytes(sent, policy=policy.default)
    assert (received.keys(), received.get_payload()) == (HEADERS, "")
    assert received["Subject"].replace(" ", "") == "".join(subject.split())


def test_a_subject_is_no_longer_than_people_read() -> None:
    subject = headed("monitoring@example.com", "admin@example.com", [], "WARNING: " + "word " * 200)["Subject"]
    assert (len(subject) <= 200, subject[-6:]) == (True, " word…")
