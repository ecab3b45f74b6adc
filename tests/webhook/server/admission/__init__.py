"""The hot path in process: every row of the outcome table, and that no body and no defect can break it."""
