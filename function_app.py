"""The probe app, as the Functions worker finds it. What its functions are stands in `probes.app.triggers`.

GET, HEAD  /api/health         anonymous     whether it runs and is configured
GET, POST  /api/diagnose       function key  one sweep now: ?path=&target=
GET        /api/findings/{id}  function key  what a finding means
timer      %PROBE_SCHEDULE%                  every path, told to Application Insights
"""

from probes.app import create
from probes.observe.machine import surroundings

app = create(surroundings)
