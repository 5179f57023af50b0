"""The dialect of SWR and IAM: requests, answers, operations, sign-in."""
