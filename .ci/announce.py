"""Print the address of the service once it is ready: ``announce.py URL PID``, PID that of the service."""

import os
import sys
import time
import urllib.error
import urllib.request

url, pid = sys.argv[1], int(sys.argv[2])
while True:
    time.sleep(0.5)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        sys.exit()  # The service says itself why it ended.
    try:
        with urllib.request.urlopen(f"{url}readyz", timeout=5):
            break
    except (OSError, urllib.error.URLError):
        continue
# The service logs its own start at the same moment; this line is to be the last one.
time.sleep(0.5)
print(f"\n== Fundstelle is ready. Open {url} in a browser. Ctrl-C ends it.\n", flush=True)
