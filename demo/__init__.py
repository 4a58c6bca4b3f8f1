"""The one-command stack: embedded servers, stand-in upstreams, traffic. Nothing else imports it."""
