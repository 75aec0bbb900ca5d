"""**Housekeeping**, nightly: keeps the store fast and small.

Makes the partitions of the coming days and deletes samples, runs, messages and reports that are older than the configuration keeps.
With `migrate` = yes it first brings the schema up to date, as `make migrate` does.

**At 3 a.m.:** a failed night does no harm; partitions are made two weeks ahead, and samples without one land in the default partition.
"""

from airflow.sdk import Param

from securenet import Maintain, duty

MIGRATE = Param("no", enum=["no", "yes"], title="Bring the schema up to date first")

with duty(__file__, __doc__, migrate=MIGRATE) as dag:
    Maintain()
