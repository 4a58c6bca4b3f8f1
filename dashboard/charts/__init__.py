"""Plotly figures, no Streamlit."""
