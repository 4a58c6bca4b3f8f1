"""What pages are made of: read models, figures, components."""
