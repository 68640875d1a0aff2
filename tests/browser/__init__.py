"""The demo and its pages as a visitor meets them, in a real Chromium."""
