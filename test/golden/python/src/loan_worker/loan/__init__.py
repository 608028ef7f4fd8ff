"""The process LOAN: its workflow, activities, tasks and types."""
