"""The look of the office: one base template, one style sheet, tags for forms, tables and states. See ui/base.html."""
