"""**Escalation**, when due and every 5 minutes: nobody is forgotten, and nothing that watches dies unnoticed.

A watcher in the triggerer sends what is due at the moment at which it is: the next step of the escalation matrix, a repeat, a retry, what
a silence or an acknowledgement held back. Each time it did so, and every 5 minutes in any case, a run judges the monitoring itself: a
duty of which no run came through for two of its intervals, a watcher that is not heard of, a channel that is out of order, a maintenance
that goes on. A duty that is paused is nobody's alarm. Whether this watch runs itself, the receiver of its heartbeats says.

**At 3 a.m.:**

- **has not run**: is the scheduler up, is the DAG's last run still running?
- **failed in its last runs**: the message says of what, the log of the task says more.
- **is not heard of**: is the triggerer up?
- **channel is out of order**: its alerts leave through the next one; the reason names what does not answer.
"""

# a file that names neither airflow nor dag is skipped without a word
from securenet import Collect, Evaluate, Notify, duty

with duty(__file__, __doc__) as dag:
    Collect(source="duties") >> Evaluate() >> Notify(heartbeat="scheduled")
