"""The desk: screens that put all areas together for the person in front of it - home, search, household, application.

It stands above all other areas, so that none of them has to know the others for the sake of a page.
"""
