"""The people who talk to both assistants: short conversations of real sentences."""

from __future__ import annotations

from collections.abc import Sequence

# A greeting, what happened, an answer, a question, a goodbye: five messages, which is
# as many as one conversation of ours may send at once.
CONVERSATIONS: Sequence[Sequence[str]] = (
    (
        "Hello",
        "My ex Daniel keeps turning up outside my work every week. He has sent me over "
        "forty messages since we broke up in March, and last Tuesday he followed me all "
        "the way home and sat in his car opposite the house.",
        "Yes, he has done it before",
        "Is this something the police can do anything about?",
        "Thank you, goodbye",
    ),
    (
        "hi there",
        "there is a man at my gym who waits for me after every class and he found my "
        "instagram and writes to me from new accounts when i block him",
        "no i dont know his name",
        "can i stay anonymous if i report it",
        "ok thanks bye",
    ),
    (
        "Good evening",
        "My neighbour has been watching me through the window and leaving notes on my "
        "car. The last one said he knows what time I come home. It has been going on "
        "for about six months and I am frightened to go out on my own.",
        "About twice a week",
        "Who can help me with this?",
        "Bye for now",
    ),
    (
        "hey",
        "he wont stop ringing me",
        "since christmas, every day more or less",
        "what counts as stalking",
        "thats all thanks",
    ),
    (
        "Hello, I need some help please",
        "My former husband put a tracker under my car. I found it when I took the car to "
        "the garage in Chester on 14 October. He always seems to know where I am, and "
        "he told my sister Laura that I will never get away from him.",
        "He has, and it makes me feel sick",
        "What happens after I make a report?",
        "Thanks for your help. Goodbye",
    ),
    (
        "hiya",
        "my ex girlfriend made fake profiles with my pictures and told everyone at work "
        "that i am a cheat. she rings from 07700 900123 at night and hangs up",
        "more than ten times i think",
        "is it a crime if she never hit me",
        "cheers bye",
    ),
    (
        "Hello?",
        "A colleague keeps sending me flowers and letters although I told him to stop "
        "months ago. Yesterday he was standing at my bus stop, which is nowhere near "
        "where he lives.",
        "His name is Mark Ellison",
        "What should I keep as evidence?",
        "Goodbye and thank you",
    ),
    (
        "good morning",
        "someone I dated for three weeks keeps driving past my parents house and "
        "knocking on the door late at night asking for me. they are getting scared and "
        "so am I, i hardly sleep any more",
        "yes again last night",
        "do you have a number i can call",
        "bye",
    ),
    (
        "Hello, are you a real person?",
        "He comes into the shop where I work and stands there staring at me until I "
        "finish. When I walk to the station he walks behind me. My manager asked him to "
        "leave twice.",
        "It started in the summer",
        "Is that stalking or harassment?",
        "All right, goodbye",
    ),
    (
        "hi",
        "my stepbrother reads my messages and emails, he must have my password. he "
        "turned up at my college when i had told nobody where i was going",
        "he used to live with us",
        "could he get arrested for it",
        "thank you bye",
    ),
)

# One person who goes on and on. Any five messages in a row hold each of these once, so
# that the cost of the 10th and of the 300th can be compared.
ENDLESS: Sequence[str] = (
    "He was waiting outside my work again on Monday and followed me to the bus stop.",
    "He sent me eleven messages last night.",
    "I do not know how he got my new number.",
    "She told me that he asks about me all the time at the pub.",
    "He drove past the house three times on Saturday and sounded the horn.",
)


def conversation(person: int, turn: int) -> Sequence[str]:
    """Return what a person says in the conversation that is their nth, from 0."""
    return CONVERSATIONS[(person * 7 + turn) % len(CONVERSATIONS)]


def going_on(count: int) -> list[str]:
    """Return so many messages of the person who goes on and on."""
    return [ENDLESS[i % len(ENDLESS)] for i in range(count)]


def address(number: int) -> str:
    """Return the address a conversation comes from: another each, as people have."""
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
