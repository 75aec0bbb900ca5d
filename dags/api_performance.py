"""**API performance**, every minute: does each HTTP address answer, with what is expected, and how fast?

A watcher in the triggerer asks each target at its own interval over kept connections, and times name, connection, TLS, first byte and the
rest. Three attempts within a second must fail before it is an alert; while it is down it is asked every second. Once a minute it samples
the cheap counters of hosts, databases and applications, and judges error rate (0.1 %), mean response (200 ms), certificates (21 and 7 days)
and how fast the month's error budget is used up.

**At 3 a.m.:** **API failed** says how far it came: a name that is not found, a connection that is refused, TLS, a status, a body. A budget
that burns fast means that users see it now; roll back what was deployed last.
"""

# a file that names neither airflow nor dag is skipped without a word
from securenet import Notify, Report, duty

with duty(__file__, __doc__) as dag:
    Notify() >> Report(report="watch_log")
