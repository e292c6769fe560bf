"""What the workspace's scripts say, in the reader's language. `{…}` is filled in by the script."""

from __future__ import annotations

from .i18n import gettext as _


def words() -> dict[str, str]:
    return {**_python_words(), **_cell_words(), **_saving_words(), **_result_words(), **_other_words()}


def _python_words() -> dict[str, str]:
    return {
        "python_loading": _("Getting Python: {loaded} of {total}"),
        "python_starting": _("Starting Python"),
        "python_packages": _("Getting a library: {loaded} of {total}"),
        "python_ready": _("Python is ready"),
        "python_busy": _("Running"),
        "python_stopping": _("Stopping"),
        "python_off": _("Python can't be used here"),
        "python_none": _(
            "Python is not set up on this site. Write your answers here and hand them in, or work in Jupyter on your own "
            "computer; they are graded all the same."
        ),
        "python_old": _(
            "This browser is too old to run Python. Write your answers here and hand them in, or use a newer browser; they "
            "are graded all the same."
        ),
        "python_network": _(
            "Python could not be fetched. Your answers are kept. See that you are connected, then try again."
        ),
        "python_memory": _(
            "This device has too little memory left for Python. Close other programs and tabs, then try again. Your answers"
            " are kept."
        ),
        "python_crashed": _("Python stopped by itself. Your answers are kept; start it again."),
        "python_lost": _("Python was started anew. What your cells had computed is gone; run them again."),
        "try_again": _("Try again"),
        "run_all_again": _("Run all"),
    }


def _cell_words() -> dict[str, str]:
    return {
        "check": _("Check it"),
        "run_cell": _("Run: {cell}"),
        "stop_cell": _("Stop: {cell}"),
        "check_cell": _("Check: {cell}"),
        "reset_cell": _("Start anew: {cell}"),
        "remove_cell": _("Remove: {cell}"),
        "given_cell": _("Given code {number}"),
        "cell_number": _("cell {number}"),
        "own_cell": _("A cell of your own"),
        "queued": _("Runs as soon as Python is ready"),
        "waiting_turn": _("Waits for its turn"),
        "running": _("Running"),
        "running_for": _("Running for {seconds} s"),
        "ran": _("Ran in {seconds} s"),
        "ran_with_error": _("Stopped with an error"),
        "ran_stopped": _("Stopped"),
        "changed_since": _("Changed since it ran"),
        "output_of": _("Output of {cell}"),
        "picture_of": _("Picture that {cell} drew"),
        "all_of_it": _("Show all of it"),
        "less_of_it": _("Show less"),
        "to_line": _("Go to line {line}"),
        "python_says": _("What Python says"),
        "said_done": _("{cell}: done."),
        "said_output": _("{cell}: done. {output}"),
        "said_error": _("{cell}: {name}. {explanation}"),
        "said_stopped": _("{cell}: stopped."),
        "said_all": _("All cells have run."),
        "said_errors": _("{number} of the cells stopped with an error."),
        "checks_passed": _("{passed} of {number} checks passed"),
        "check_visible": _("What can be seen of this check passes. More is checked when you hand in."),
        "check_hidden": _("Checked when you hand in."),
        "check_manual": _("An instructor looks at this answer after you hand in."),
        "from_hand_in": _("Handed in (try {number}):"),
        "reset_done": _("{cell} is as it was at the beginning."),
        "reset_all_done": _("All answers are as they were at the beginning."),
        "opened": _("The notebook's answers are in the cells."),
        "opened_differs": _(
            "Outside the answers the file differs from this exercise in {number} places. If it belongs to another exercise,"
            " press Undo."
        ),
        "brought_back": _("The answers of try {number} are in the cells."),
        "removed": _("The cell was removed."),
        "undo": _("Undo"),
        "undone": _("Your answers are back."),
        "close": _("Close"),
        "keys": _(
            "Ctrl+Enter runs a cell, Shift+Enter also goes to the next. Tab indents; Esc, then Tab leaves the cell."
        ),
        "problem_line": _("Line {line}"),
    }


def _saving_words() -> dict[str, str]:
    return {
        "saved_at": _("Saved {time}"),
        "saving": _("Saving"),
        "typing": _("Not saved yet"),
        "kept_here": _("Kept on this device"),
        "offline": _(
            "You are not connected. Work on: your answers are kept on this device and go up when the connection is back."
        ),
        "back_online": _("Connected again. Your answers are saved."),
        "sign_in_needed": _(
            "You were signed out. Your answers are kept on this device. Sign in again in another window, then come back "
            "here."
        ),
        "sign_in": _("Sign in"),
        "not_kept": _("This browser keeps nothing, and the site can't be reached. Don't close this page."),
        "conflict": _(
            "Another window or device saved other answers meanwhile. What you see here is saved; the other answers are kept"
            " too."
        ),
        "local_other": _("This device kept answers of {time} that never arrived."),
        "look_at_other": _("Look at them"),
        "drop_other": _("Not needed"),
        "other_title": _("The other answers"),
        "other_at": _("Saved {time}"),
        "take_cell": _("Take this cell"),
        "take_all": _("Take all"),
        "taken": _("The other answers are in the cells."),
        "here": _("Here"),
        "there": _("There"),
        "same": _("There is no difference any more."),
        "empty_cell": _("(empty)"),
        "updated": _("These are the answers that you saved elsewhere."),
        "sign_out_unsaved": _("Some answers could not be saved. If you sign out now, they are lost."),
        "sign_out_anyway": _("Sign out and lose them"),
        "stay": _("Stay"),
        "not_saved": _("Your answers could not be saved just now; this is tried again by itself."),
    }


def _result_words() -> dict[str, str]:
    return {
        "hand_in": _("Hand in"),
        "handing_in": _("Your answers are on their way."),
        "grading": _("We have your answers and are grading them. This usually takes a few seconds."),
        "grading_before": _("{number} are graded before yours."),
        "grading_failed": _(
            "Grading failed on our side. Your answers are kept and will be graded without you; go on with the course "
            "meanwhile."
        ),
        "result_title": _("Result of try {number}"),
        "result_old": _("Try {number}, {when}"),
        "result_line": _("{points} of {max} points"),
        "result_all": _("Everything passed. Well done!"),
        "result_some": _(
            "{number} checks are not passed yet. Beside each you read what to look at; mend your answer, run it and hand in"
            " again."
        ),
        "result_one": _(
            "One check is not passed yet. Beside it you read what to look at; mend your answer, run it and hand in again."
        ),
        "to_cell": _("To the answer"),
        "with_other_data": _("Checked with other data"),
        "check_points": _("{points} of {max} points"),
        "repairs": _("We mended your notebook before grading"),
        "graded_notebook": _("Open the graded notebook"),
        "next_unit": _("Next: {title}"),
        "to_outline": _("To the course's overview"),
        "hand_in_offline": _("You are not connected. Your answers are kept; hand in once the connection is back."),
        "hand_in_problems": _("Python on our side can't read these cells, so their checks will fail:"),
        "hand_in_anyway": _("Hand in all the same"),
        "mend_first": _("Mend them first"),
        "hand_in_failed": _("This could not be handed in: {reason}"),
        "result_later": _("The result can't be fetched just now. It is kept, and listed under what you handed in."),
        "attempt": _("Try {number}"),
        "attempt_look": _("Look at it"),
        "attempt_look_at": _("Look at try {number}"),
        "attempt_back": _("Bring these answers back"),
        "attempt_waiting": _("Being graded"),
        "attempt_error": _("Grading fault"),
    }


def _other_words() -> dict[str, str]:
    return {
        "unreachable": _("The site can't be reached. See that you are connected, then try again."),
        "failed": _("That did not work. Try again in a moment."),
        "bytes": _("{number} MB"),
    }
