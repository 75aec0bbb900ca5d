"""**System health**, every 5 minutes: processors, memory, disks, network and processes of each host, and what is reached over the network.

Hosts are read side by side: this machine, others through their node_exporter or a Prometheus. A host that does not answer is missing data
and told as such. What lasts beyond its limit (`cpu_usage` 80 %, `memory_usage` 85 %, `disk_usage` 90 %, and those of `rules.md`) becomes
an alert; back at its clear level it is over. The cheap counters are sampled every minute by the watcher of `api_performance`.

**At 3 a.m.:** the message names the host, the value, the limit, and what to do first. **no data from source systems** means the host or the
way to it: is it up, does its exporter answer?
"""

# a file that names neither airflow nor dag is skipped without a word
from securenet import Collect, Evaluate, Notify, Report, duty

with duty(__file__, __doc__) as dag:
    Collect(source="systems") >> Evaluate() >> Notify() >> Report(report="health")
