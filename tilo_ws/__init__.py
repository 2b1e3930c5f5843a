"""Tilo's real-time server: chat, online count, events and scores over one WebSocket."""

__version__ = "0.1.0"
