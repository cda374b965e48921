"""The toy assistant's actions: each does one thing that can go well or wrong."""

import asyncio
import threading

from rasa_sdk import Action, FormValidationAction
from rasa_sdk.events import AllSlotsReset, FollowupAction, SlotSet

released = threading.Event()


class Toy(Action):
    """Named after its class."""

    def name(self):
        return "action_" + type(self).__name__.lower()

    async def run(self, dispatcher, tracker, domain):
        return self.act(dispatcher, tracker) or []


class Echo(Toy):
    def act(self, dispatcher, tracker):
        words = tracker.latest_message.get("text") or ""
        heard = [*(tracker.get_slot("heard") or []), words]
        dispatcher.utter_message(text=f"{len(heard)}: {words}")
        return [SlotSet("heard", heard)]


class Again(Toy):
    def act(self, dispatcher, tracker):
        dispatcher.utter_message(text="Forgotten.")
        return [AllSlotsReset()]


class Fail(Toy):
    def act(self, dispatcher, tracker):
        raise RuntimeError(tracker.latest_message.get("text"))


class Hang(Action):
    def name(self):
        return "action_hang"

    async def run(self, dispatcher, tracker, domain):
        while not released.is_set():
            await asyncio.sleep(0.01)
        dispatcher.utter_message(text="Released.")
        return []


class Nap(Action):
    def name(self):
        return "action_nap"

    async def run(self, dispatcher, tracker, domain):
        await asyncio.sleep(2)
        dispatcher.utter_message(text="Awake.")
        return []


class Hog(Toy):
    def act(self, dispatcher, tracker):
        dispatcher.utter_message(text=f"Took {len(bytearray(2 << 30))} bytes.")


class Mute(Toy):
    def act(self, dispatcher, tracker):
        return []


class Circle(Toy):
    def act(self, dispatcher, tracker):
        dispatcher.utter_message(text="Round.")
        return [FollowupAction("action_circle")]


class Pick(Toy):
    def act(self, dispatcher, tracker):
        choices = [{"label": "Third door", "payload": '/answer{"answer": "third"}'}]
        part = {"kind": "four", "text": "Pick.", "types": [{"choices": choices}]}
        dispatcher.utter_message(json_message=part)


class Picked(Toy):
    def act(self, dispatcher, tracker):
        value = next(tracker.get_latest_entity_values("answer"), None)
        dispatcher.utter_message(text=f"You picked {value}.")


class Picture(Toy):
    def act(self, dispatcher, tracker):
        dispatcher.utter_message(image="https://example.org/cat.png")


class Nonsense(Toy):
    def act(self, dispatcher, tracker):
        dispatcher.utter_message(json_message={"no": "kind"})


class Warn(Toy):
    def act(self, dispatcher, tracker):
        part = {"kind": "danger", "level": "immediate", "text": "Call.", "contacts": []}
        dispatcher.utter_message(json_message=part)
        return [SlotSet("signs", ["seen"])]


class AskWho(Toy):
    def name(self):
        return "action_ask_toy_form_who"

    def act(self, dispatcher, tracker):
        dispatcher.utter_message(text="Who?")


class Validate(FormValidationAction):
    def name(self):
        return "validate_toy_form"
