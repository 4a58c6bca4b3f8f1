"""Tests of the pages, run by Streamlit's AppTest."""
