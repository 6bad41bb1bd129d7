"""What is deployed: Bicep, policies, queries and workbook, and the packages of the two apps."""
