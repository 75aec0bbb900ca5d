"""**Account expiration**, hourly: who is about to lose access, and who already should have.

It watches the ends of accounts, passwords, contracts and group memberships. There is one alert per kind and organisation: it gets
worse as the days run out (30, 14, 7, 3, 1, expired) and resolves when nobody is left in the window. Administrators get one digest
when something is new, worse or over, and every morning in any case; owners get one reminder per step, with their manager in copy
from 7 days on.

**At 3 a.m.:** nothing burns. What is past its grace stands first in the digest; renew or close it in the user management.

- **No data from source accounts**: the watched database does not answer; the alert says why.
- **Reminders held**: unusually many at once, often a bulk change of dates. Look at the list, then trigger with `release_held` = yes.
"""

from airflow.sdk import Param

from securenet import Collect, Evaluate, Notify, Report, duty

FORM = {
    "send_emails": Param("as configured", enum=["as configured", "yes", "no"], title="Write to account owners"),
    "organization": Param(None, type=["null", "string"], title="Only this organisation", description="Its slug; empty for all"),
    "release_held": Param("no", enum=["no", "yes"], title="Release held reminders", description="Those that are still true"),
}

with duty(__file__, __doc__, **FORM) as dag:
    Collect(source="accounts") >> Evaluate(reminders=True) >> Notify() >> Report(report="account_digest")
