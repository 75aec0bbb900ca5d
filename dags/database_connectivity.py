"""**Database connectivity**, every 30 seconds: can we connect to each database and query it, and how fast?

A watcher in the triggerer asks each target and keeps a connection to it open, so that a server that dies is seen at once; a heartbeat on
that connection finds a frozen one. Three attempts within a second must fail before it is an alert; while it is down it is tried every
second. The messages leave from there. A run of this DAG is the record of what changed, and sends what still waits; by hand,
`make check DUTY=database_connectivity` measures.

**At 3 a.m.:** **Database connection failed** names the target and what the server or the network said. Is it up, is it reachable from
here, are its connections used up? The target `store` is the monitoring's own database.
"""

# a file that names neither airflow nor dag is skipped without a word
from securenet import Notify, Report, duty

with duty(__file__, __doc__) as dag:
    Notify() >> Report(report="watch_log")
