"""What the made-up service says: every kind of part, and a nasty one of each."""

from __future__ import annotations

from typing import Any

Part = dict[str, Any]

DOORS = [
    {"id": "tell", "label": "Tell you what has been happening"},
    {"id": "four", "label": "Is it stalking?"},
    {"id": "services", "label": "Find support"},
    {"id": "safe", "label": "Stay safe"},
    {"id": "report", "label": "Report now"},
]
GREETING: list[Part] = [
    {
        "kind": "text",
        "text": "Hello. If you are in danger now, call 999.\n\n"
        "I am a computer program. I am not a person or a police officer. "
        "No one is reading this right now. Telling me is not a report.\n\n"
        "I can help you describe what happened, and find help. I can get things wrong.",
    },
    {
        "kind": "choices",
        "text": "What would you like to do? You can also type in your own words.",
        "choices": DOORS,
    },
]
DANGER: list[Part] = [
    {
        "kind": "danger",
        "level": "immediate",
        "text": "I'm worried about your safety. If you are in danger now, call 999.\n"
        "If you cannot speak on a mobile, call 999, listen, and press 55 when asked.",
        "contacts": [
            {"id": "e999", "name": "Emergency", "contact": "999", "href": "tel:999"},
            {
                "id": "etext",
                "name": "Text relay",
                "contact": "18000",
                "href": "tel:18000",
            },
            {
                "id": "bsl",
                "name": "999 BSL",
                "contact": "999bsl.co.uk",
                "href": "https://999bsl.co.uk",
            },
        ],
    },
    {
        "kind": "choices",
        "text": "Are you safe right now?",
        "choices": [
            {"id": "safe_now", "label": "Yes, safe for now"},
            {"id": "not_safe", "label": "No"},
            {"id": "services", "label": "Find support"},
        ],
    },
]


def _view(kind: str) -> list[dict[str, str]]:
    return [
        {"id": f"{kind}_agree", "label": "That fits"},
        {"id": f"{kind}_disagree", "label": "That does not fit"},
    ]


FOUR: list[Part] = [
    {
        "kind": "four",
        "text": "This is what I hear in your words. None is worse than another.\n\n"
        "This sounds like Fixated: following or watching you. You said: “he was outside "
        "my work”, “he sat in his car opposite my house”.\n\n"
        "This sounds like Repeated behaviour: it keeps happening. You told me about more "
        "than one time.\n\n"
        "You told me that Obsession does not fit. I have left it out.\n\n"
        "You told me about more than one time. That matters.\n\n"
        "I can get things wrong. You do not have to decide if this is stalking.",
        "types": [
            {
                "type": "fixated",
                "heading": "Fixated",
                "plain": "Following or watching you.",
                "present": True,
                "because": [
                    "he was outside my work",
                    "he sat in his car opposite my house",
                ],
                "view": None,
                "choices": _view("fixated"),
            },
            {
                "type": "obsession",
                "heading": "Obsession",
                "plain": "Checking up on you, or taking over parts of your life.",
                "present": False,
                "because": [],
                "view": "disagree",
                "choices": [{"id": "obsession_agree", "label": "It does fit"}],
            },
            {
                "type": "unwanted_attention",
                "heading": "Unwanted attention",
                "plain": "Contact, gifts or damage you did not want.",
                "present": False,
                "because": [],
                "view": None,
            },
            {
                "type": "repeated_behaviour",
                "heading": "Repeated behaviour",
                "plain": "It keeps happening.",
                "present": True,
                "because": [],
                "view": "agree",
                "choices": _view("repeated_behaviour"),
            },
        ],
        "occasions": {
            "value": "twice_or_more",
            "text": "You told me about more than one time. That matters.",
        },
    },
    {
        "kind": "choices",
        "text": "You know your situation best. What would you like to do now?",
        "choices": [
            {"id": "report", "label": "What can I do next?"},
            {"id": "offences", "label": "Which offences may fit?"},
            {"id": "summary", "label": "Show the short version"},
        ],
    },
]
OFFENCES: list[Part] = [
    {
        "kind": "offences",
        "text": "These may fit what you told me. I cannot tell you what will happen.\n\n"
        "1. Stalking. When someone follows or contacts a person again and again.\n\n"
        "2. Harassment. When someone keeps doing things that upset a person.\n\n"
        "Police can help work out which law fits.",
        "offences": [
            {
                "id": "stalking",
                "name": "Stalking",
                "plain": "When someone follows, watches or contacts a person again and again.",
                "why": "You told me this happened more than once.",
                "law": "Protection from Harassment Act 1997, section 2A",
                "source": "https://www.legislation.gov.uk/ukpga/1997/40/section/2A",
                "checked_on": "2026-11-22",
            },
            {
                "id": "harassment",
                "name": "Harassment",
                "plain": "When someone keeps doing things that upset or scare a person.",
                "why": "You told me about messages you did not want.",
                "law": "Protection from Harassment Act 1997, section 2",
                "source": "Protection from Harassment Act 1997",
                "checked_on": "2026-11-22",
            },
        ],
    }
]
SERVICES: list[Part] = [
    {
        "kind": "services",
        "text": "These services can help.\n\nNational Stalking Helpline: 0808 802 0300.\n\n"
        "Victim Support: 08 08 16 89 111.\n\nThe Cyber Helpline.",
        "services": [
            {
                "id": "nsh",
                "name": "National Stalking Helpline",
                "for": "For anyone who is being stalked, or worried about someone.",
                "contact": "0808 802 0300",
                "href": "tel:08088020300",
                "open": "closed",
                "opens": "Monday at 09:30",
                "hours": "",
            },
            {
                "id": "vs",
                "name": "Victim Support",
                "for": "For anyone affected by crime, reported or not.",
                "contact": "08 08 16 89 111",
                "href": "tel:08081689111",
                "open": "now",
                "opens": "",
                "hours": "Day and night, every day",
            },
            {
                "id": "cyber",
                "name": "The Cyber Helpline",
                "for": "For people aged 13 and over with trouble online.",
                "contact": "www.thecyberhelpline.com",
                "href": "https://www.thecyberhelpline.com",
                "open": "unknown",
                "opens": "",
                "hours": "",
            },
        ],
    }
]
HANDOFF: list[Part] = [
    {
        "kind": "handoff",
        "text": "If you are in danger now, call 999.\n\n"
        "Using this chat is not the same as reporting. Police have not been told.\n\n"
        "You can report to police, get support, or both. You choose.\n\n"
        "Report to police online. Report stalking: https://www.police.uk/report\n\n"
        "This link has not been checked yet.\n\n"
        "Or call 101, at any time.\n\n"
        "Get support.\n\n" + SERVICES[0]["text"] + "\n\nYou can come back at any time.",
        "report": {
            "label": "Report stalking",
            "href": "https://www.police.uk/report",
            "notice": "This link has not been checked yet.",
        },
        "support": SERVICES[0],
        "not_a_report": True,
    }
]
SUMMARY: list[Part] = [
    {
        "kind": "summary",
        "text": "What happened: [name-1] was outside my work. It is still going on.",
        "sections": [
            {
                "heading": "What happened",
                "lines": ["1. [name-1] was outside my work again", "2. 40 texts a day"],
            },
            {"heading": "How often", "lines": ["More than once"]},
            {"heading": "How it made you feel", "lines": ["Scared"]},
        ],
    }
]
NASTY = "<img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}"
EVIL = "javascript:alert(3)"
HOSTILE: list[Part] = [
    {"kind": "text", "text": NASTY, "links": [{"label": NASTY, "href": EVIL}]},
    {"kind": "choices", "text": NASTY, "choices": [{"id": NASTY, "label": NASTY}]},
    {
        "kind": "danger",
        "level": NASTY,
        "text": NASTY,
        "contacts": [{"name": NASTY, "contact": NASTY, "href": EVIL}],
    },
    {
        "kind": "four",
        "text": NASTY,
        "types": [
            {
                "type": NASTY,
                "heading": NASTY,
                "present": True,
                "because": [NASTY],
                "view": NASTY,
            }
        ],
        "occasions": NASTY,
    },
    {
        "kind": "offences",
        "text": NASTY,
        "offences": [
            {
                "id": NASTY,
                "name": NASTY,
                "plain": NASTY,
                "why": NASTY,
                "law": NASTY,
                "source": EVIL,
                "checked_on": NASTY,
            }
        ],
    },
    {
        "kind": "services",
        "text": NASTY,
        "services": [
            {
                "name": NASTY,
                "for": NASTY,
                "contact": NASTY,
                "href": EVIL,
                "opens": NASTY,
            }
        ],
    },
    {
        "kind": "handoff",
        "text": NASTY,
        "report": {"label": NASTY, "href": EVIL},
        "support": {"label": NASTY, "href": "data:text/html,<script>alert(4)</script>"},
    },
    {
        "kind": "summary",
        "text": NASTY,
        "sections": [{"heading": NASTY, "lines": [NASTY]}],
    },
    {"kind": "constructor", "text": NASTY},
    {"kind": "text", "text": {"not": "words"}},
]
# What the service gives back once, with the answer to the message it stood in.
RESTORE = {"Darren": "[name-1]", "[name-1]": "[words-1]", NASTY: "[name-2]"}
NAMED: list[Part] = [
    {"kind": "text", "text": "By [name-1], [name-2] and [words-1].", "links": []},
    {
        "kind": "choices",
        "text": "Which one?",
        "choices": [{"id": "one", "label": "Remove: “[name-1]”"}],
    },
]
REPLIES: dict[str, list[Part]] = {
    "named": NAMED,
    "tell": [{"kind": "text", "text": "Please tell me, in your own words."}],
    "danger": DANGER,
    "safe_now": [{"kind": "text", "text": "Thank you for telling me."}],
    "four": FOUR,
    "fixated_agree": [{"kind": "text", "text": "Thank you. I have kept that."}, *FOUR],
    "offences": OFFENCES,
    "services": SERVICES,
    "report": HANDOFF,
    "summary": SUMMARY,
    "hostile": HOSTILE,
    "new kind": [{"kind": "weather", "text": "A part that nobody knows yet."}],
    "else": [
        {"kind": "text", "text": "I am sorry this is happening. It is not your fault."},
        {
            "kind": "choices",
            "text": "Has something like this happened more than once?",
            "choices": [
                {"id": "yes", "label": "Yes, more than once"},
                {"id": "once", "label": "One time so far"},
                {"id": "unsure", "label": "I do not know"},
                {"id": "skip", "label": "Skip this"},
            ],
        },
    ],
}
