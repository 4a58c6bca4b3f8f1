"""Read models: one per page, no Streamlit."""
