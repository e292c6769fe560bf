"""Rosters (수강생 명단): spreadsheets of people: read, dry run, apply, undo."""
