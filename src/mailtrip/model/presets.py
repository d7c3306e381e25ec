"""What known mail providers allow, and where that is written.

A provider that limits a day gets a twenty-fourth of it for an hour: whoever keeps to that never passes the day's limit.
Limits are per account at most providers. A figure that a provider does not publish is ours, and a careful one. The pages
were read in November 2026; a year in the source is the page's own.
"""

from datetime import timedelta
from typing import Final

from mailtrip.model.provider import Provider

__all__ = ["PRESETS"]

_OUR_GAP: Final = timedelta(seconds=10)

PRESETS: Final = (
    Provider(
        name="gmail",
        hosts=("gmail.com", "googlemail.com"),
        login_gap=_OUR_GAP,
        connections_per_login=10,
        messages_per_hour=20,
        source="Gmail Help, “Too many simultaneous connections” (2008): 10 IMAP connections an account. Google Workspace "
        "Admin Help, “Gmail sending limits in Google Workspace”: 2,000 messages in 24 h, 500 on trial; a personal account "
        "has 500 (Gmail Help, as quoted in 2012). Login gap: ours.",
    ),
    Provider(
        name="microsoft365",
        hosts=("office365.com", "mail.protection.outlook.com"),
        login_gap=_OUR_GAP,
        connections_per_login=3,
        messages_per_hour=400,
        source="Exchange Team Blog, “Changes coming to the SMTP Authenticated Submission client protocol”: 3 connections a "
        "mailbox. Microsoft Learn, “Exchange Online limits”: 10,000 recipients a day, 30 messages a minute. Login gap: ours.",
    ),
    Provider(
        name="outlook.com",
        hosts=("outlook.com", "hotmail.com", "live.com"),
        login_gap=_OUR_GAP,
        connections_per_login=3,
        messages_per_hour=12,
        source="Microsoft Support, “Sending limits in Outlook.com” (2023): 5,000 recipients a day for subscribers, fewer for "
        "others without a figure; 300 a day are reported. Connections and login gap: ours.",
    ),
    Provider(
        name="yahoo",
        hosts=("yahoo.com",),
        login_gap=_OUR_GAP,
        connections_per_login=5,
        messages_per_hour=20,
        source="Yahoo Help SLN17518, “SMTP sending limits”: 500 messages a day. Connections and login gap: ours.",
    ),
    Provider(
        name="aol",
        hosts=("aol.com",),
        login_gap=_OUR_GAP,
        connections_per_login=5,
        messages_per_hour=20,
        source="No figures found; ours, as for Yahoo.",
    ),
    Provider(
        name="icloud",
        hosts=("mail.me.com",),
        login_gap=_OUR_GAP,
        connections_per_login=5,
        messages_per_hour=40,
        source="Apple Support 102198, “Mailbox size and message sending limits in iCloud”: 1,000 messages a day. Connections "
        "and login gap: ours.",
    ),
    Provider(
        name="fastmail",
        hosts=("fastmail.com", "messagingengine.com"),
        login_gap=_OUR_GAP,
        connections_per_login=10,
        messages_per_hour=330,
        source="Fastmail Help, “Account limits”: 2,000 messages in 10 minutes, 4,000 an hour, 8,000 a day (as others quote "
        "it). Connections and login gap: ours.",
    ),
    Provider(
        name="zoho",
        hosts=(
            "zoho.com",
            "zoho.eu",
            "zoho.in",
            "zoho.com.au",
            "zoho.com.cn",
            "zoho.jp",
            "zoho.sa",
            "zohocloud.ca",
        ),
        login_gap=_OUR_GAP,
        connections_per_login=3,
        messages_per_hour=50,
        source="Zoho, “Zoho Mail limits and policies”: 50 to 500 messages to others in an hour, by reputation. Connections "
        "(as mail programs report) and login gap: ours.",
    ),
    Provider(
        name="gmx",
        hosts=("gmx.net", "gmx.com", "gmx.de", "web.de", "mail.com"),
        login_gap=_OUR_GAP,
        connections_per_login=5,
        messages_per_hour=20,
        source="No figures found; ours. GMX, WEB.DE and mail.com are one provider.",
    ),
    Provider(
        name="ionos",
        hosts=(
            "ionos.com",
            "ionos.de",
            "ionos.co.uk",
            "ionos.fr",
            "ionos.es",
            "ionos.it",
            "ionos.ca",
            "ionos.mx",
        ),
        login_gap=_OUR_GAP,
        connections_per_login=10,
        messages_per_hour=50,
        source="IONOS Help, “What are the mass mailing limits?”: 50 messages an hour in the first week, 500 after a month. "
        "Connections and login gap: ours.",
    ),
    Provider(
        name="ovh",
        hosts=("ovh.net", "ovh.ca"),
        login_gap=timedelta(seconds=60),
        connections_per_login=10,
        messages_per_hour=50,
        source="OVH guides, “EmailPopTooOften”: one POP3 login in 60 s. Connections and messages: ours.",
    ),
    Provider(
        name="yandex",
        hosts=("yandex.com", "yandex.ru", "yandex.net"),
        login_gap=_OUR_GAP,
        connections_per_login=5,
        messages_per_hour=20,
        source="Yandex Support, “Sending a large number of messages”: 500 messages in 24 h. Connections and login gap: ours.",
    ),
    Provider(
        name="rackspace",
        hosts=("emailsrvr.com",),
        login_gap=_OUR_GAP,
        connections_per_login=10,
        messages_per_hour=100,
        source="Rackspace, “Daily sending limit for Rackspace hosted email systems” (2016): 10,000 recipients a day, much "
        "less for automated mail, without a figure. All ours.",
    ),
    Provider(
        name="godaddy",
        hosts=("secureserver.net",),
        login_gap=_OUR_GAP,
        connections_per_login=5,
        messages_per_hour=10,
        source="GoDaddy Help 313, “How many email messages can I send each day?”: 250 a day. Connections and login gap: ours.",
    ),
)
"""In the order of the reference page."""
