"""The deployment files are true."""
