"""The parts of the Records page: reports, emission record, an analyst's SQL."""
