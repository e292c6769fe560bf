"""Run by a fresh interpreter (`python -I launch.py SETTING`): becomes the warm parent. See `room/parent.py`.

Only the folder `room` is importable from here on, so that nothing else of the product lies in the sandbox's memory.
"""

import json
import sys

if __name__ == "__main__":
    setting = json.loads(sys.argv[1])
    sys.path[:] = setting["start"]
    from room import parent

    parent.launch(setting)
