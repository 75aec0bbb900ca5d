"""**Database health**, every 5 minutes: connections, locks, long transactions, replication, vacuum, backups and sizes of each PostgreSQL
server, and what the application says of itself.

Each query that may not run is reported as *not permitted*, with the GRANT to run; the others go on. Limits (`rules.md`): connections 80 %,
replication lag, transaction numbers, long transactions, waiting for locks, the age of the last backup, failed archiving, damaged pages,
tables that lost rows.

**At 3 a.m.:** the message names the server, the value, and often the session that holds everybody up. **no data from source databases**:
the server does not answer; `database_connectivity` has told so already, with its reason.
"""

# a file that names neither airflow nor dag is skipped without a word
from securenet import Collect, Evaluate, Notify, Report, duty

with duty(__file__, __doc__) as dag:
    Collect(source="databases") >> Evaluate() >> Notify() >> Report(report="health")
