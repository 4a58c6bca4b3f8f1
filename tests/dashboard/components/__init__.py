"""Tests of what pages share on screen."""
