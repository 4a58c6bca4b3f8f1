"""Streamlit scripts, one per page."""
