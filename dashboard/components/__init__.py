"""What pages share on screen: the time range, banners, trust line, tiles, verdicts, charts."""
