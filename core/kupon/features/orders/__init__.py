"""Orders: carts that were placed, by hand or by redemptions, with what was taken off them.

Reference: orders.json (6 operations, less import and export)
Tables:    orders; customers and products that a body brings along
Stages:    customer.order.created, customer.order.updated, customer.order.paid,
           customer.order.canceled, customer.order.fulfilled (of orders with a customer)
Engine:    cart, figures
"""
