"""API Management in the lab: the deployed APIs and policies, in front of the lab's network.

apis      the OpenAPI documents of infra/: which operation a request is for
call      one call: what its policies reach of the lab, and its row in the gateway's log
dialler   connections through the lab's name server and network
limits    the counters of rate-limit-by-key and quota-by-key
service   the handler of a listener
"""
