from dashboard.components import empty

empty.no_lookups("The playground is not open yet.")
