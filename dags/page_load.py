"""**Page load**, every 5 minutes while pages are configured: does each web page load in a real browser, how fast, and what goes wrong
in it?

A Chromium without a screen, and with an empty cache, opens each page of `targets.pages` as somebody who has never been there: navigation
timing, Largest Contentful Paint, requests that fail, errors on the console. Chromium is an optional extra; where it is missing, the pages
are missing data that say so. Two pages at a time are visited, and no visit takes longer than 15 s. Without a page nothing runs.

**At 3 a.m.:** **page does not load** says what the browser met. Does `api_performance` know of it too? Then it is the server; if not, it is
the page: a script that is missing, something from elsewhere that never comes.
"""

# a file that names neither airflow nor dag is skipped without a word
from securenet import Collect, Evaluate, Notify, Report, duty

with duty(__file__, __doc__) as dag:
    Collect(source="pages") >> Evaluate() >> Notify() >> Report(report="health")
