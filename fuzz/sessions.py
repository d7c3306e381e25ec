"""Whole sessions as servers speak them, which the seeds of the grammars are made of."""

__all__ = ["IMAP_SESSIONS", "POP3_SESSIONS", "SMTP_SESSIONS"]

SMTP_SESSIONS = (
    (
        b"220 mx.example.net ESMTP\r\n"
        b"250-mx.example.net\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN\r\n"
        b"235 2.7.0 ok\r\n"
        b"250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go ahead\r\n"
        b"250 2.0.0 queued as 4F2\r\n"
        b"221 2.0.0 bye\r\n"
    ),
    b"220 a\r\n250-a\r\n250 AUTH CRAM-MD5\r\n334 PDFAeD4=\r\n535 5.7.8 no\r\n250 ok\r\n450 4.2.0 greylisted\r\n221 bye\r\n",
    b"220 a\r\n250-a\r\n250 AUTH SCRAM-SHA-256\r\n334 \r\n334 cj1ub25jZXgscz1BQUFBLGk9NDA5Ng==\r\n235 ok\r\n",
    b"220-a\r\n220 b\r\n502 no\r\n250 a\r\n250 ok\r\n550-5.1.1 no\r\n550 5.1.1 such user\r\n221 bye\r\n",
    b"421 4.3.2 too busy\r\n",
)
POP3_SESSIONS = (
    (
        b"+OK ready <1896.697@example.net>\r\n"
        b"+OK\r\nUSER\r\nUIDL\r\nTOP\r\nLOGIN-DELAY 5\r\nSASL PLAIN\r\n.\r\n"
        b"+OK logged in\r\n"
        b"+OK\r\n1 abc\r\n2 def\r\n.\r\n"
        b"+OK\r\nSubject: a\r\n\r\n..dot\r\n.\r\n"
        b"+OK\r\n+OK\r\n"
    ),
    b"+OK hi\r\n-ERR no CAPA\r\n+OK\r\n-ERR [IN-USE] locked\r\n+OK\r\n.\r\n-ERR\r\n-ERR\r\n+OK\r\n",
    b"+OK hi\r\n+OK\r\nSASL CRAM-MD5\r\n.\r\n+ PDFAeD4=\r\n+OK\r\n+OK\n1 a\n.\n",
    b"-ERR [SYS/TEMP] later\r\n",
)
_ENVELOPE = b'* 1 FETCH (UID 7 RFC822.SIZE 9 INTERNALDATE " 9-Mar-2026 09:00:05 +0000")\r\n'
_CONTENT = b"* 1 FETCH (UID 7 BODY[]<0> {9}\r\nA: b\r\n\r\nc)\r\n"
_SELECTED = b"* 1 EXISTS\r\n* OK [UIDVALIDITY 3] a\r\n* OK [UIDNEXT 8] b\r\n"
_WHOLE_VISIT = (
    b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi\r\n",
    b"A1 OK [CAPABILITY IMAP4rev1 IDLE UIDPLUS SPECIAL-USE LIST-EXTENDED] in\r\n",
    _SELECTED + b"A2 OK [READ-WRITE] selected\r\n",
    _ENVELOPE + b"A3 OK\r\n",
    _CONTENT + b"A4 OK\r\n",
    b"+ idling\r\n* 2 EXISTS\r\nA5 OK done\r\n",
    b"A6 OK\r\n",
    b"* 2 FETCH (UID 8 RFC822.SIZE 9)\r\nA7 OK\r\n",
    b"* 2 FETCH (UID 8 BODY[]<0> NIL)\r\nA8 OK\r\n",
    b'* LIST (\\Junk) "/" Junk\r\n* LIST () "/" "Alarms"\r\n* LIST (\\Noselect) "/" &AOQ-x\r\nA9 OK\r\n',
    b"* STATUS Junk (MESSAGES 1 UIDNEXT 8 UIDVALIDITY 3)\r\nA10 OK\r\n",
    _SELECTED + b"A11 OK\r\n",
    _ENVELOPE + b"A12 OK\r\n",
    _CONTENT + b"A13 OK\r\n",
    b"A14 NO [NONEXISTENT] no Alarms\r\n",
    _SELECTED + b"A15 OK\r\n",
    _ENVELOPE + b"A16 OK\r\n",
    _CONTENT + b"A17 OK\r\n",
    _CONTENT + b"A18 OK\r\n",
    b"A19 OK\r\n",
    b"* 1 EXPUNGE\r\nA20 OK\r\n",
    b"* BYE\r\nA21 OK\r\n",
)
# The server's proof is that of a login as `tim` with the fuzzer's password and nonce.
_WHOLE_LOGIN = (
    b"* OK hi\r\n",
    b"* CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256\r\nA1 OK\r\n",
    b"+ \r\n+ cj1ub25jZXgscz1BQUFBLGk9NDA5Ng==\r\n",
    b"+ dj1UYlNGeDI1WldqbVBuU1hYdVVjalMzT3Q5Y2ZicW8wQ1k2Vk42SFh1K2NZPQ==\r\n",
    b"A2 OK in\r\n",
    b"* CAPABILITY IMAP4rev1\r\nA3 OK\r\n",
)
IMAP_SESSIONS = (
    b"".join(_WHOLE_VISIT),
    b"".join(_WHOLE_LOGIN),
    b"* PREAUTH hi\r\nA1 OK\r\n* 0 EXISTS\r\nA2 OK\r\nA3 OK\r\nA4 OK\r\n* SEARCH 7\r\nA5 OK\r\nA6 NO [OVERQUOTA] full\r\n",
    b"* PREAUTH hi\r\n* 3 EXISTS\r\nA1 OK [READ-ONLY] selected\r\n* 3 FETCH (UID 7)\r\nA2 OK\r\n"
    + _ENVELOPE
    + b"A3 OK\r\n",
    b"* OK hi\r\n* STATUS Junk (MESSAGES 1 UIDNEXT 8 UIDVALIDITY 3)\r\nA1 OK\r\n* BYE gone\r\n",
    b"* OK [CAPABILITY X IDLE ID] hi\r\n+ idling\r\n* 1 EXPUNGE\r\nA1 OK [ALERT] read this\r\n",
    b"* OK [ALERT] hi\r\n" + _ENVELOPE + b'A1 OK\r\n* 1 FETCH (UID 7 BODY[]<0> "a\\"b")\r\nA2 OK\r\n',
    b"* OK hi\r\nA1 OK\r\n* SEARCH 7\r\nA2 OK\r\nA3 OK\r\n",
    b'* OK hi\r\n* LIST (\\Marked) NIL {4}\r\nJunk\r\n* LIST () "." "a&-b"\r\nA1 OK\r\n',
)
