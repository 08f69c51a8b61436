"""The recognition protocol, served: a local engine behind the same calls as the vendor's."""
