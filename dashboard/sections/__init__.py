"""What each page draws from its view: tiles, figures and tables under questions.

Drawn by `components`, computed by `views`.
"""
