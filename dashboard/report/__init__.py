"""Reports on paper: whole HTML files that ask no server for anything, one A4 page each, no Streamlit."""
