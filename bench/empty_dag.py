"""The DAG file that others are compared with: one task that does nothing."""

from typing import Any

from airflow.sdk import DAG, BaseOperator


class Nothing(BaseOperator):
    """Does nothing."""

    def execute(self, context: Any) -> dict[str, Any]:
        """Nothing happened."""
        return {}


with DAG("empty_dag", schedule=None) as dag:
    Nothing(task_id="nothing")
