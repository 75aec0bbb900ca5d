# The same Airflow as `make up`, with this project in it.
FROM apache/airflow:3.3.2-python3.11

COPY requirements.txt /
RUN pip install --no-cache-dir --require-hashes -r /requirements.txt

RUN mkdir --mode=0700 /opt/airflow/passwords /opt/airflow/securenet

COPY --chown=airflow:root dags /opt/airflow/dags
COPY --chown=airflow:root plugins /opt/airflow/plugins
COPY --chown=airflow:root include /opt/airflow/include
ENV PYTHONPATH=/opt/airflow:/opt/airflow/plugins
