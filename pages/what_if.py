from dashboard.sections import what_if

what_if.draw()
