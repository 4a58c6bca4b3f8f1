"""What several tests stand on: a scripted HTTP server and the like."""
