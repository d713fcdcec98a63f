"""Keeps Microsoft Graph change-notification subscriptions as YAML manifests say."""

__version__ = "0.1.0"
