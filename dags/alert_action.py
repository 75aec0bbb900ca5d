"""**Alert action**, by hand: acknowledge, resolve or judge alerts; silence them, or plan a maintenance.

Triggered with an empty form it lists what is open and what is silenced, each with the number that the form takes. Who did it is
whoever triggered the run, and it stays on record. Acknowledging pauses escalation and never closes; worsening ends it. A silence needs
an end and a reason; it withholds messages, never measuring, and those who know of a problem hear of its end all the same.

**At 3 a.m.:** `acknowledge` with the alert's number says that you are on it. A refused form says in the task's log what is missing.
"""

from airflow.sdk import Param

from securenet import Act, Notify, duty

TEXT = ["null", "string"]
ACTIONS = ["list", "acknowledge", "resolve", "silence", "unsilence", "maintenance", "feedback"]
FORM = {
    "action": Param("list", enum=ACTIONS, title="What to do"),
    "alert": Param(None, type=TEXT, title="Alert", description="Its number, its fingerprint or the beginning of it, or a group's key"),
    "comment": Param(None, type=TEXT, title="Why, or what ended it"),
    "cause": Param(None, type=TEXT, title="Cause, where it is known"),
    "verdict": Param("true alarm", enum=["true alarm", "false alarm"], title="Feedback: was it right?"),
    "matchers": Param(None, type=TEXT, title="Silence which alerts", description="As in duty=system_health target=db-*"),
    "starts": Param(None, type=TEXT, title="Starts", description="Empty for now; 30m, or 2026-12-24T18:00"),
    "ends": Param(None, type=TEXT, title="Ends", description="2h (of a silence, from its start on), or 2026-12-24T18:00"),
    "recurrence": Param(None, type=TEXT, title="Recurs", description="Hourly to monthly, as in FREQ=WEEKLY;BYDAY=SU"),
    "lasts": Param(None, type=TEXT, title="Each time for", description="As in 2h"),
    "zone": Param(None, type=TEXT, title="Time zone", description="Empty for that of the configuration"),
    "owner": Param(None, type=TEXT, title="Owner", description="Who answers for it; empty for you"),
    "silence": Param(None, type=TEXT, title="End which silence", description="Its number"),
}

with duty(__file__, __doc__, **FORM) as dag:
    Act() >> Notify()
